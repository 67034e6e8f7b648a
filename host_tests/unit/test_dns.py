# The portal's name server: a question for anything has our address, and what is no question gets
# no answer that could do harm.

from net.dns import LONGEST, answer

OURS = b"\xc0\xa8\x04\x01"
NAME = b"\x07captive\x05apple\x03com\x00"


def query(name=NAME, kind=1, family=1, flags=b"\x01\x00", counts=b"\0\1\0\0\0\0\0\0", more=b""):
    return b"\x12\x34" + flags + counts + name + bytes((0, kind, 0, family)) + more


def error_of(reply):
    return reply[3] & 15


def test_every_name_has_our_address():
    for name in (NAME, b"\x01a\x00", b"\x00", b"\x3f" + b"x" * 63 + b"\x00"):
        asked = query(name)
        reply = answer(asked, OURS)
        assert reply[:2] == asked[:2] and reply[2:4] == b"\x85\x00"
        assert reply[4:12] == b"\0\1\0\1\0\0\0\0"
        assert reply[12 : len(asked)] == asked[12:]
        assert reply[len(asked) :] == b"\xc0\x0c\0\1\0\1\0\0\0\0\0\4" + OURS


def test_it_holds_for_0_s_so_that_no_phone_believes_it_elsewhere():
    assert answer(query(), OURS)[-10:-6] == b"\0\0\0\0"


def test_other_kinds_of_address_are_not_there():
    for kind in (28, 65, 64, 15, 16, 2, 5, 6, 12, 33):
        reply = answer(query(kind=kind), OURS)
        assert error_of(reply) == 0 and reply[4:12] == b"\0\1\0\0\0\0\0\0", kind


def test_any_is_an_address():
    assert answer(query(kind=255), OURS)[-4:] == OURS


def test_another_family_is_refused():
    assert error_of(answer(query(family=3), OURS)) == 5


def test_what_is_no_question_is_told_so_without_an_echo():
    for flags in (b"\x08\x00", b"\x28\x00", b"\x79\x00"):
        reply = answer(query(flags=flags), OURS)
        assert error_of(reply) == 4 and len(reply) == 12
    for counts in (b"\0\0", b"\0\2", b"\xff\xff"):
        reply = answer(query(counts=counts + b"\0\0\0\0\0\0"), OURS)
        assert error_of(reply) == 1 and len(reply) == 12


def test_names_that_point_or_do_not_end_are_errors():
    for name in (b"\xc0\x0c", b"\x40" + b"x" * 64 + b"\0", b"\x05ab", b"\x01a" * 127 + b"\x01"):
        asked = b"\x12\x34\1\0\0\1\0\0\0\0\0\0" + name
        assert error_of(answer(asked, OURS)) == 1, name
    assert error_of(answer(query()[:-1], OURS)) == 1
    assert error_of(answer(query(b"\x01a" * 128 + b"\0"), OURS)) == 1
    assert error_of(answer(query(b"\x01a" * 127 + b"\0"), OURS)) == 0


def test_an_answer_is_never_answered_so_that_two_servers_cannot_talk_for_ever():
    assert answer(query(flags=b"\x81\x80"), OURS) is None
    assert answer(answer(query(), OURS), OURS) is None


def test_what_is_too_short_or_too_long_gets_nothing():
    for size in range(12):
        assert answer(query()[:size], OURS) is None
    assert answer(query(more=b"x" * LONGEST), OURS) is None


def test_what_follows_the_question_is_not_repeated():
    edns = b"\0\0\x29\x10\0\0\0\0\0\0\0"
    reply = answer(query(counts=b"\0\1\0\0\0\0\0\1", more=edns), OURS)
    assert len(reply) == len(query()) + 16 and edns not in reply


def test_no_answer_is_much_longer_than_its_question():
    assert len(answer(query(), OURS)) == len(query()) + 16
