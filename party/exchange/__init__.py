"""Import and export of the register, as CSV and YAML, in the same forms.

CSV cells are never altered for a spreadsheet's sake. Accounts begin with `@`, so a spreadsheet may take a cell for a
formula: import the columns as text there.
"""
