# help() and pydoc, site's own builtins
import pydoc

def example(a, b=1, *, c: int = 2) -> str:
    """Says something.

    In two paragraphs.
    """

class Thing:
    """A thing."""

    size = 1

    def method(self):
        """Does it."""

help(example)
help(Thing)
print(pydoc.plain(pydoc.render_doc(len)))
print(pydoc.splitdoc(example.__doc__), pydoc.locate("os.path.join").__name__, copyright.__class__.__name__, license.__class__.__name__)
