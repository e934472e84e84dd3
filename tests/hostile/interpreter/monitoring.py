#: what: Registers monitoring callbacks for every event, which raise or never return.
#: expect: timed out
#: timeout: 0.5
import sys

monitoring = sys.monitoring
monitoring.use_tool_id(5, "evil")


def forever(*_):
    while True:
        pass


for event in ("PY_START", "LINE", "INSTRUCTION", "CALL", "RAISE"):
    monitoring.register_callback(5, getattr(monitoring.events, event), forever)
monitoring.set_events(5, monitoring.events.PY_START | monitoring.events.LINE | monitoring.events.INSTRUCTION)
print("never reached")
