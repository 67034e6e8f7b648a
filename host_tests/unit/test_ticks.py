from balance.ticks import MASK, add_ms, diff_ms


def test_a_difference_is_right_across_the_wrap():
    assert diff_ms(5, MASK - 4) == 10
    assert diff_ms(MASK - 4, 5) == -10
    assert diff_ms(add_ms(MASK, 1), MASK) == 1


def test_differences_and_sums_stay_small_integers():
    for earlier in (0, 1, MASK // 2, MASK - 1, MASK):
        for ms in (0, 1, 1000, 3 * 86400 * 1000):
            later = add_ms(earlier, ms)
            assert 0 <= later <= MASK
            assert diff_ms(later, earlier) == ms
