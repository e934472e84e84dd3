#: what: Copies between memoryviews with strides, byte by byte inside one C call.
#: expect: timed out
#: timeout: 0.5
#: memory: 256
source, target = memoryview(bytes(16 << 20)), memoryview(bytearray(16 << 20))
while True:
    target[::-1] = source
