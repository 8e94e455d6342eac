"""Random and mutated bytes, and what must not happen when they arrive."""

import gzip
import io
import zlib

import numpy as np
from boldhost.identity import check_identity
from boldhost.link import Link
from boldhost.transport import Transport
from support.tiny_run import TINY, tiny_trainer

from boldhw.data import idx
from boldhw.errors import BoldhwError, DeviceError
from boldhw.golden import checkpoint
from boldhw.spec.protocol import REPLY, Command, decode, encode, identity_bytes

GOOD = b"the right reply"
LONGEST = 600  # bytes of one input, more than two frames


def mutants(seeds, count, seed=0):
    """Yield ``count`` inputs: every fourth is random bytes, the others are ``seeds`` changed."""
    generator = np.random.default_rng(seed)
    for index in range(count):
        if index % 4 == 0:
            yield noise(generator)
        else:
            yield mutate(generator, seeds)


def noise(generator):
    """Return 1 to LONGEST random bytes, some with many zeros, some with many equal bytes."""
    size = int(np.exp(generator.uniform(0, np.log(LONGEST))))
    values = generator.integers(0, 256, size, np.uint8)
    kind = generator.integers(3)
    if kind == 1:
        values[generator.random(size) < 0.2] = 0
    elif kind == 2:
        values[generator.random(size) < 0.7] = generator.integers(256)
    return values.tobytes()


def mutate(generator, seeds):
    """Return one of ``seeds`` with one to four changes."""
    changed = bytearray(seeds[generator.integers(len(seeds))])
    for _ in range(generator.integers(1, 5)):
        _change(generator, changed, seeds)
    return bytes(changed)


def _change(generator, content, seeds):
    first, last = sorted(generator.integers(0, len(content) + 1, 2).tolist())
    kind = generator.integers(6)
    if kind == 0 and content:  # one bit
        content[first % len(content)] ^= 1 << int(generator.integers(8))
    elif kind == 1 and content:  # one byte
        content[first % len(content)] = int(generator.integers(256))
    elif kind == 2:  # cut out
        del content[first : first + int(generator.integers(1, 9))]
    elif kind == 3:  # put in
        content[first:first] = generator.bytes(generator.integers(1, 9))
    elif kind == 4:  # repeat
        content[first:first] = content[first : min(last, first + 64)]
    else:  # splice
        other = seeds[generator.integers(len(seeds))]
        content[first:] = other[min(first, len(other)) :]


# Targets. Each takes bytes and raises nothing but what it asserts.


def host_decoder(content):
    """A frame is refused, or it is one: what decode returns gives the same bytes again."""
    for part in content.split(b"\0"):
        message = decode(part)
        if message:
            assert decode(encode(*message)[:-1]) == message


def host_link(content):
    """The right reply is found behind anything, at the second copy at the latest."""
    link = Link(_Babbler(content), timeout=1)
    assert link.hello() == GOOD
    assert link.resent <= 1


class _Babbler(Transport):
    """A device that sends other bytes in front of its first reply."""

    def __init__(self, content):
        self._content, self._reply = content, b""

    def write(self, data):
        message = decode(data.strip(b"\0"))
        self._reply = encode(message[0] | REPLY, message[1], 0, GOOD)

    def read(self, timeout):
        content, self._content, self._reply = self._content + self._reply, b"", b""
        return content

    def close(self):
        pass


def host_identity(content):
    """A greeting is refused by name."""
    try:
        check_identity(content)
    except DeviceError:
        return


def checkpoint_file(content):
    """A checkpoint with any other byte is refused; with a fitting CRC too, it is usable or not."""
    for sealed in (content, reseal(content)):
        try:
            trainer = checkpoint.parse("a.npz", sealed)
        except BoldhwError:
            continue
        assert trainer.epoch <= trainer.epochs
        trainer.network.infer(np.zeros((1, trainer.network.widths[0]), bool))


def checkpoint_header(content):
    """A header of any text in a sound file is refused by name, or it makes a usable trainer."""
    arrays = checkpoint._arrays(tiny_trainer())
    arrays["header"] = np.array(content.decode("latin-1").rstrip("\0"))
    try:
        trainer = checkpoint.parse("a.npz", checkpoint.seal(arrays))
    except BoldhwError:
        return
    trainer.network.infer(np.zeros((1, 3), bool))


def reseal(content):
    """Return the bytes of a checkpoint with the CRC that fits them."""
    body = content[: -checkpoint.COMMENT_SIZE]
    return body + checkpoint.COMMENT % zlib.crc32(body)


def idx_file(content):
    """A file of images is refused by name, or has as many bytes as it says."""
    for expected in (idx.PICTURES, idx.NUMBERS, None):
        for file in (io.BytesIO(content), gzip.GzipFile(fileobj=io.BytesIO(content))):
            try:
                array = idx.parse(file, "images", expected)
            except BoldhwError:
                continue
            assert array.size <= 2000 * len(content)


def frames():
    """Return one well-formed frame of every command."""
    payloads = {Command.REG_WRITE: b"\x07\x00", Command.MEM_READ: b"\0\x01", Command.MEM_WRITE: b""}
    return [encode(kind, 7, 1, payloads.get(kind, b"\x01" * 9)) for kind in Command]


def idx_images():
    header = np.array([0x803, 2, 3, 4], ">u4").tobytes()
    return header + bytes(range(24))


def idx_labels():
    return np.array([0x801, 5], ">u4").tobytes() + bytes(range(5))


def small_checkpoint(path):
    checkpoint.save(path, tiny_trainer())
    return path.read_bytes()


def seeds(name, path):
    """Return the inputs that those of target ``name`` are made from; ``path`` may be written."""
    return {
        "host_decoder": frames(),
        "host_link": [encode(Command.HELLO | REPLY, seq, 0, GOOD) for seq in range(3)],
        "host_identity": [identity_bytes(TINY, 24_000_000)],
        "checkpoint_file": [small_checkpoint(path)],
        "checkpoint_header": [str(checkpoint._arrays(tiny_trainer())["header"]).encode()],
        "idx_file": [idx_images(), idx_labels(), gzip.compress(idx_images())],
    }[name]


TARGETS = (host_decoder, host_link, host_identity, checkpoint_file, checkpoint_header, idx_file)
