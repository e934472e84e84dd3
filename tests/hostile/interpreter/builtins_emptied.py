#: what: Empties the builtins, so that nothing works any more, the clean-up included.
#: expect: exited 0
import builtins

vars(builtins).clear()
