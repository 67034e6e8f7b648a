# Why a charger has what it has: a code and up to two integers. The words live in the page
# (`firmware/page/words`), and the build fails if a code has none.

# Each code with the names of its numbers in `/api/status`, in one string, since as tuples they
# would take ten times the memory; their order is that of the constants in `cycle.py`. A name
# that ends in `phase` is the grid's phase 1 to 3.
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
