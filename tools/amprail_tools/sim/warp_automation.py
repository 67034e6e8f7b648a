"""The automation of a WARP charger, as far as it guards against a manager that is gone."""

from .car import MINIMUM_MA

# automation/config, as of firmware 2.10: tasks of {"trigger": [id, settings], "action": [id,
# settings], "delay": s}; ids from "Automation Trigger ID" and "Automation Action ID" of
# esp32-firmware. Rules are stored, so they outlive a restart.
EXTERNAL_CURRENT_WATCHDOG = 9
SET_CURRENT = 3
WATCHDOG_S = 30
TASKS = 14
LARGEST_MA = 32000


def rule(current_ma: int) -> dict:
    """The rule that an owner makes in its page: after 30 s without a current, this one."""
    return {
        "trigger": [EXTERNAL_CURRENT_WATCHDOG, None],
        "action": [SET_CURRENT, {"current": current_ma}],
        "delay": 0,
    }


# It fires once, 30 s after the last write or the start, and again only after another write. The
# current goes into the slot of the automation, where it stays when the manager is back, until
# somebody writes evse/automation_current.
class Automation:
    """tasks: the rules; set(mA) puts a current into the slot of the automation."""

    def __init__(self, set_ma, tasks=()):
        self.tasks = list(tasks)
        self._set = set_ma
        self.restart()

    def restart(self) -> None:
        self._quiet_s, self._fired = 0.0, False

    def written(self) -> None:
        """Somebody has written evse/external_current."""
        self.restart()

    def step(self, dt_s: float) -> None:
        self._quiet_s += dt_s
        if self._quiet_s < WATCHDOG_S or self._fired:
            return
        self._fired = True
        for task in self.tasks:
            if (
                task["trigger"][0] == EXTERNAL_CURRENT_WATCHDOG
                and task["action"][0] == SET_CURRENT
            ):
                self._set(task["action"][1]["current"])

    def configure(self, config) -> None:
        """Takes automation/config; ValueError for what the firmware refuses."""
        tasks = config.get("tasks") if isinstance(config, dict) else None
        if not isinstance(tasks, list) or len(tasks) > TASKS:
            raise ValueError(f"['tasks'] array of at most {TASKS} expected")
        self.tasks = [_checked(task) for task in tasks]


def _checked(task):
    try:
        trigger, action = list(task["trigger"]), list(task["action"])
        if not (len(trigger) == len(action) == 2 and trigger[0] and action[0]):
            raise ValueError("TriggerID must not be 0!")
        ma = action[1]["current"] if action[0] == SET_CURRENT else 0
        if type(ma) is not int or 0 < ma < MINIMUM_MA or not 0 <= ma <= LARGEST_MA:
            raise ValueError("Current must be 0 or between 6000 and 32000")
        return {"trigger": trigger, "action": action, "delay": task.get("delay", 0)}
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"task with trigger and action expected: {error}") from error
