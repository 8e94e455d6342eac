"""The store of samples of a device, for verbs that train on it."""

from boldhw.cli.output import progress, say


def fill(device, bits, labels):
    """Put the training samples into the device's store, if they are not there yet."""
    last = 0
    with progress(device.stored_bytes(len(bits)), "filling the store") as step:

        def report(done):
            nonlocal last
            step(done - last, "filling the store")
            last = done

        sent = device.fill_store(bits, labels, report)
    say(f"{len(bits)} samples are in the store, {sent} bytes of them were sent")
