# logging: levels, formats, handlers, exceptions, hierarchy, configuration, the last resort
import io
import logging
import logging.config
import logging.handlers
import sys

logging.warning("through the root, which sets itself up")
logging.info("not shown")
log = logging.getLogger("shop.counter")
print(log.getEffectiveLevel(), log.parent.name if log.parent else None, logging.getLevelName(35), logging.getLogger("shop.counter") is log)
log.error("with %s and %d", "arguments", 5, extra={"unused": 1})
try:
    1 / 0
except ZeroDivisionError:
    log.exception("what happened")
text = io.StringIO()
handler = logging.StreamHandler(text)
handler.setFormatter(logging.Formatter("{levelname:<8}|{name}|{module}:{lineno}:{funcName}|{message}|{who}", style="{", defaults={"who": "nobody"}))
handler.addFilter(lambda record: "secret" not in record.msg)
log.addHandler(handler)
log.propagate = False
log.setLevel(logging.DEBUG)

def work():
    log.debug("from a function")
    log.info("a secret")
    log.critical("with a stack", stack_info=True)

work()
logging.LoggerAdapter(log, {"who": "adapter"}).warning("adapted")
logging.raiseExceptions = False
log.error("bad format %d", "x")
print(text.getvalue())
memory = logging.handlers.MemoryHandler(10, target=handler)
logging.config.dictConfig({"version": 1, "formatters": {"f": {"format": "%(levelname)s-%(message)s"}}, "handlers": {"h": {"class": "logging.StreamHandler", "formatter": "f", "stream": "ext://sys.stdout"}}, "root": {"handlers": ["h"], "level": "INFO"}})
logging.info("configured é 🐍")
logging.getLogger("new").debug("hidden")
logging.captureWarnings(True)
import warnings
warnings.warn("captured")
logging.disable(logging.ERROR)
logging.error("disabled")
logging.disable(logging.NOTSET)
with open("log.txt", "w") as _:
    pass
file = logging.FileHandler("log.txt", encoding="utf-8")
logging.getLogger().addHandler(file)
logging.getLogger().error("into a file")
file.close()
print(open("log.txt").read(), logging.Formatter("%(relativeCreated)d").format(logging.makeLogRecord({"relativeCreated": 5})))
moment = logging.Formatter("%(asctime)s", datefmt="%Y").format(logging.makeLogRecord({"created": 0}))
print(moment, logging.getLogger("a").manager is logging.root.manager, logging.LogRecord("n", 10, "p", 1, "m", None, None).relativeCreated >= 0)
