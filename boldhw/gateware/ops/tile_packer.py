class TilePacker: pass
