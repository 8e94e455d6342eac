"""The engine that runs op lists: :mod:`boldhw.spec.ops` makes them, golden runs them too."""
