# Why a charger has what it has: a code and up to two integers. The words live in the page
# (`firmware/page/words`), and the build fails if a code has none.

from micropython import const

# Each code with the names of its numbers in `/api/status`, in one string, since as tuples they
# would take ten times the memory. A name that ends in `phase` is the grid's phase 1 to 3.
#   no_car          state A                     waiting        its minimum does not fit; missing
#   maximum         has its own maximum         paused         stays paused, against flicker
#   phase_short     its phase has no more       raising        waits until others have made room
#   fair_share      shares the phase            unreachable    no answer: reserved
#   supply_short    the cable has no more       not_obeying    answers, but keeps another current
#   meter_lost      without_meter_ma applies    no_reading     not yet or just not: nothing raised
#   starting        until all have been read    charger_error  states E and F
#   bad_settings    its line cannot be used: reserved
CODES = (
    "no_car|maximum|phase_short phase missing_ma|fair_share phase missing_ma|"
    "supply_short phase missing_ma|waiting phase missing_ma|paused left_s|raising|"
    "unreachable booked_ma|not_obeying booked_ma|meter_lost age_s|no_reading|starting left_s|"
    "charger_error|bad_settings booked_ma"
)

NO_CAR = const(0)
MAXIMUM = const(1)
PHASE_SHORT = const(2)
FAIR_SHARE = const(3)
SUPPLY_SHORT = const(4)
WAITING = const(5)
PAUSED = const(6)
RAISING = const(7)
UNREACHABLE = const(8)
NOT_OBEYING = const(9)
METER_LOST = const(10)
NO_READING = const(11)
STARTING = const(12)
CHARGER_ERROR = const(13)
BAD_SETTINGS = const(14)

# Standing warnings (design, section 5): the limit leaves less than a minimum; the reserves on a
# phase exceed what it may carry; a line of chargers.jsonl cannot be used.
WARNINGS = "target_below_minimum|fallbacks_above_target|bad_charger"
