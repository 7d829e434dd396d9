"""Reads C++ just well enough for the lint: blanks out comments and strings, finds the extent of
each function and the variables that outlive a call. No parser: what it does not understand passes.
"""

import re

TOKEN = re.compile(
    r'R"(?P<mark>[^()\s\\]{0,16})\(.*?\)(?P=mark)"'  # raw string
    r'|//[^\n]*|/\*.*?\*/'
    r'|"(?:\\.|[^"\\\n])*"'
    r"|(?<![0-9a-fA-F])'(?:\\.|[^'\\\n])+'", re.DOTALL)
PREPROCESSOR = re.compile(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", re.MULTILINE)
SCOPE = re.compile(
    r"^(?:template\s*<.*>\s*)?(?:requires\b.*)?(?:(?:inline|typedef|static|constexpr|const)\s+)*"
    r"(?P<kind>namespace|class|struct|union|enum|extern|concept)\b(?!.*\)\s*(?:const)?\s*$)",
    re.DOTALL)
NOT_A_VARIABLE = re.compile(
    r"\b(?:const|constexpr|consteval|using|typedef|namespace|class|struct|union|enum|template"
    r"|friend|static_assert|extern|operator|concept|return|goto|requires|public|private|protected"
    r"|asm)\b")
VARIABLE = re.compile(
    r"^(?:\[\[[^\]]*\]\]\s*)?"
    r"(?:[\w:]+(?:<.*>)?(?:::\w+)*[\s*&]+)+\w+(?:\s*\[.*\])*$", re.DOTALL)


def without_comments_and_strings(text):
    """The text with every comment and literal blanked; what is left stays where it was."""
    def blank(found):
        return re.sub(r"[^\n]", " ", found.group(0))
    return TOKEN.sub(blank, text)


def head_is_variable(head):
    return bool(head) and not NOT_A_VARIABLE.search(head) and bool(VARIABLE.match(head))


class Scanner:
    """Walks over braces and statements; keeps what kind of scope each open brace began."""

    def __init__(self):
        self.stack = []      # (kind, line where its head begins): scope, type, function, block
        self.functions = []  # (first line, last line)
        self.variables = []  # lines
        self.head = ""
        self.head_line = 1

    def add(self, char, line):
        if not self.head or self.head.isspace():
            self.head = ""
            self.head_line = line
        self.head += char

    def in_function(self):
        return any(kind in ("function", "block") for kind, _ in self.stack)

    def in_type(self):
        return any(kind == "type" for kind, _ in self.stack)

    def note_variable(self):
        """The head, up to its initialiser, when it declares a variable that outlives a call."""
        head = self.head.split("=")[0].strip()
        marked = re.match(r"(?:inline\s+)?(?:static|thread_local)\b", head)
        at_namespace = not self.in_function() and not self.in_type()
        if (marked or at_namespace) and head_is_variable(head):
            self.variables.append(self.head_line)

    def open(self):
        head = self.head.strip()
        found = SCOPE.match(head)
        if self.in_function():
            if re.match(r"(?:static|thread_local)\b", head):
                self.note_variable()
            kind = "block"
        elif found:
            kind = "scope" if found.group("kind") in ("namespace", "extern") else "type"
        elif "(" in head:
            kind = "function"
        else:
            self.note_variable()
            kind = "block"
        self.stack.append((kind, self.head_line))
        self.head = ""

    def close(self, line):
        if self.stack:
            kind, first = self.stack.pop()
            if kind == "function":
                self.functions.append((first, line))
        self.head = ""

    def end_statement(self):
        self.note_variable()
        self.head = ""


def scan(code):
    """code: C++ without comments and strings. Returns ([(first, last line) of each function],
    [line of each variable of static storage that is not constant])."""
    def blank(found):
        return re.sub(r"[^\n]", " ", found.group(0))
    code = PREPROCESSOR.sub(blank, code)
    scanner = Scanner()
    line = 1
    for char in code:
        if char == "{":
            scanner.open()
        elif char == "}":
            scanner.close(line)
        elif char == ";":
            scanner.end_statement()
        elif char == "\n":
            line += 1
            scanner.add(" ", line)
        else:
            scanner.add(char, line)
    return scanner.functions, scanner.variables
