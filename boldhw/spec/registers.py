"""What the registers of an engine hold for a network."""

from boldhw.spec.layout import Layout
from boldhw.spec.protocol import Register
from boldhw.spec.settings import Settings


def register_values(layout: Layout, settings: Settings) -> dict[Register, int]:
    """Return {Register: value} for all registers of a network but LAYERS, which comes last."""
    return {
        Register.BATCH: settings.batch,
        Register.MARGIN: settings.margin,
        Register.ROUNDING: settings.rounding,
        Register.CLASSES: settings.classes,
        Register.OUTPUTS_PER_CLASS: settings.outputs_per_class,
        Register.SLOT_ROW: layout.slot_row,
        Register.SLOT_STRIDE: layout.slot_stride,
        Register.SAMPLE_WORDS: layout.layers[0].words,
    }
