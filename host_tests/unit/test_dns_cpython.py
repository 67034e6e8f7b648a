"""The portal's name server against packets of all kinds, read by dnspython."""

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
from hypothesis import given, settings
from hypothesis import strategies as st
from net.dns import answer

OURS = bytes((192, 168, 4, 1))

labels = st.text("abcdefghijklmnopqrstuvwxyz0123456789-_", min_size=1, max_size=63)
names = st.lists(labels, min_size=0, max_size=3).map(lambda parts: ".".join(parts) + ".")
heads = st.tuples(st.binary(min_size=2, max_size=2), st.sampled_from([0, 1, 0x81, 8, 0x40]))


@settings(deadline=None)
@given(names, st.sampled_from(["A", "AAAA", "HTTPS", "MX", "TXT", "ANY", "PTR"]), st.booleans())
def test_what_a_resolver_asks_is_answered_as_it_expects(name, kind, edns):
    asked = dns.message.make_query(name, kind, use_edns=edns)
    reply = dns.message.from_wire(answer(asked.to_wire(), OURS))
    assert asked.is_response(reply)
    assert reply.rcode() == dns.rcode.NOERROR and reply.flags & dns.flags.AA
    found = [str(record) for rrset in reply.answer for record in rrset]
    assert found == (["192.168.4.1"] if kind in ("A", "ANY") else [])
    assert all(rrset.ttl == 0 for rrset in reply.answer)


@settings(deadline=None, max_examples=500)
@given(st.binary(max_size=600))
def test_no_packet_at_all_makes_it_fail(packet):
    check(packet)


@settings(deadline=None, max_examples=500)
@given(heads, st.binary(max_size=60), st.sampled_from([0, 1, 2, 255]), st.integers(0, 3))
def test_nor_does_one_that_looks_like_a_question(head, rest, count, others):
    name, flags = head
    check(name + bytes((flags, 0, 0, count, 0, others, 0, others, 0, others)) + rest)


def check(packet):
    """Nothing, or an answer to this packet that a resolver can read and no echo of more."""
    reply = answer(packet, OURS)
    if reply is not None:
        assert reply[:2] == packet[:2] and reply[2] & 0x80
        assert len(reply) <= len(packet) + 16
        assert dns.message.from_wire(reply).id == int.from_bytes(packet[:2], "big")
