#: what: Raises to a huge power modulo a huge number: little memory, endless work, one C call.
#: expect: timed out
#: timeout: 0.5
modulus = (1 << 200_000) - 159
pow(7, modulus - 2, modulus)
