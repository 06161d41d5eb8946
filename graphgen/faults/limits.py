"""What a spec may hold at most, so that none of them takes a machine down."""

FILE = 2**20  # bytes
DEPTH = 64  # levels of YAML, brackets or operations within each other
ELEMENTS = 20_000  # of a list or mapping: equations above all
NODES = 50_000  # keys, values and elements of a whole spec
CHARACTERS = 4_000  # of an expression
STEPS = 128  # operations, names and numbers of a function, what it calls written out: SymPy derives it
WHOLE = 2**53  # whole numbers: beyond it floats have gaps
SIZE = 2**63  # of a dim; NumPy has no larger ones
TERMS, FACTORS = 256, 64  # of a dim
AXES = 30  # NumPy 1 has 32, and a sequence has its steps in front
PARTS = 1_000  # of a split
