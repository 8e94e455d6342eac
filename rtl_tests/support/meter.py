"""How many bytes go through a link."""

from boldhost.transport import Transport


class Meter(Transport):
    """A transport that counts the bytes that pass."""

    def __init__(self, inner):
        self.inner, self.sent, self.received = inner, 0, 0

    def write(self, data):
        self.sent += len(data)
        self.inner.write(data)

    def read(self, timeout):
        data = self.inner.read(timeout)
        self.received += len(data)
        return data

    def close(self):
        self.inner.close()
