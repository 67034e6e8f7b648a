# How meters say what they are, in the order of asking: function, first register, how many, answer,
# meter types. An answer is the first register, or its range, or after " or x (hexadecimal) bytes
# that are among the registers'. Types that share an answer are told apart by reading them. As
# text, since a table of tuples takes five times as much. Sources: the survey of maps
# (host_tests/unit/meters.json): makers, Tinkerforge, Victron, bricklib2 and others.
#
# At 64514 the first register is 0 with an early SDM630 as well as with an Eltako, so two are asked
# for; one alone where there is no second. 330 and 340 are samples of EM300 in another word order.
SIGNATURES = """\
3 64514 2 x0000000d eltako_dsz15
3 64514 2 112 eastron_sdm630
3 64514 2 121 eastron_sdm630
3 64514 2 137 eastron_sdm72dmv2
3 64514 2 32 eastron_sdm120
3 64514 2 132 eastron_sdm72dm
3 64514 2 512 eastron_sdm72dm
3 64514 2 0 eastron_sdm630 eastron_sdm54 eastron_sdm230
3 64514 1 112 eastron_sdm630
3 64514 1 121 eastron_sdm630
3 64514 1 137 eastron_sdm72dmv2
3 64514 1 32 eastron_sdm120
3 64514 1 132 eastron_sdm72dm
3 64514 1 512 eastron_sdm72dm
3 64514 1 0 eastron_sdm630 eastron_sdm54 eastron_sdm230 eltako_dsz15
3 11 1 71-73 cg_em24 phoenix_eem350
3 11 1 100-121 cg_em1xx
3 11 1 331-332 cg_em3xx
3 11 1 335-348 cg_em3xx
3 11 1 1744-1763 cg_em5xx fronius_ts65a
3 35168 2 "B2 abb_b23 janitza_b23
3 35168 2 "A4 abb_b23
4 1 2 "WM3M iskra_wm3m4
3 20480 1 8405 sungrow_dtsu666
3 2001 1 15121 huawei_dtsu666h
3 2001 1 16256 huawei_dtsu666h
3 49 20 "iEM3 schneider_iem3x55
3 64001 27 "7KM22 siemens_pac2200
3 4108 1 6 bge_ds100
3 40000 2 "SunS sunspec
3 50000 2 "SunS sunspec
3 0 2 "SunS sunspec
4 1 8 "7M finder_7m38
"""

# Meters without a known signature: each is read, and those whose values fit together are named.
UNSIGNED = (
    "eastron_sdm630 eastron_sdm54 eastron_sdm230 inepro_pro380 wago_879 orno_we516 chint_dtsu666 "
    "janitza_umg96 janitza_b23 siemens_pac1600 lovato_dmg tq_em300 be_mpm3pm sinotimer_dts6619 "
    "chint_ddsu666"
)

# Settings of a meter without which its powers have no sign: type, holding register, least, most.
# EM24: application H is 7. EM300 and EM100: measurement mode A is 0, B (bidirectional) 1.
SETTINGS = (
    ("cg_em24", 0x1101, 7, 7),
    ("cg_em3xx", 0x1103, 1, 2),
    ("cg_em1xx", 0x1103, 1, 2),
)
