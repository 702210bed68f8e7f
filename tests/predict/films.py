"""Videos for tests: a frame's number can be read from its picture."""

from fractions import Fraction

import av
import numpy as np

CLOCK = 90_000  # ticks per second of variable rates
SAMPLES = 48_000  # of sound, per second


def columns(number, size=(320, 240)):
    """Frame n has 4 n + 8 bright columns."""
    image = np.zeros((size[1], size[0], 3), np.uint8)
    image[:, : 4 * number + 8] = (250, 120, 20)
    return image


def number_of(image):
    return round(((image[..., 0] > 128).mean(0).sum() - 8) / 4)


def write_film(path, count=60, codec="libx264", sound=None, rate=30, times=None, images=None, **options):
    """A video of ``count`` frames; ``times`` in seconds make its rate variable, ``sound`` is a codec."""
    images = [columns(n) for n in range(count)] if images is None else images
    with av.open(str(path), "w") as container:
        stream = container.add_stream(
            codec, rate=rate, options={k.replace("_", "-"): str(v) for k, v in options.items()}
        )
        stream.height, stream.width = images[0].shape[:2]
        stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
        if times is not None:
            stream.codec_context.time_base = Fraction(1, CLOCK)
        tone = _Tone(container, sound) if sound else None
        for n, image in enumerate(images):
            frame = av.VideoFrame.from_ndarray(image, format="rgb24")
            if times is not None:
                frame.pts, frame.time_base = round(times[n] * CLOCK), Fraction(1, CLOCK)
            container.mux(stream.encode(frame))
            if tone:
                tone.play((n + 1) / rate if times is None else times[n])
        container.mux(stream.encode(None))
        if tone:
            container.mux(tone.stream.encode(None))
    return path


class _Tone:
    """440 Hz in both ears; it begins to sound at 0.5 s."""

    def __init__(self, container, codec):
        self.container, self.stream, self.at = container, container.add_stream(codec, rate=SAMPLES), 0
        self.stream.codec_context.layout = "stereo"

    def play(self, until):
        codec = self.stream.codec_context
        while self.at < until * SAMPLES:
            t = (self.at + np.arange(codec.frame_size or 1024)) / SAMPLES
            wave = 0.3 * np.sin(2 * np.pi * 440 * t) * (t >= 0.5)
            kind = codec.format.name
            data = np.stack([wave, wave]).astype(np.float32)
            if kind == "s16":  # interleaved
                data = (np.repeat(wave, 2)[None] * 32767).astype(np.int16)
            frame = av.AudioFrame.from_ndarray(data, kind, "stereo")
            frame.sample_rate, frame.pts, frame.time_base = SAMPLES, self.at, Fraction(1, SAMPLES)
            self.at += len(t)
            self.container.mux(self.stream.encode(frame))


def loudness(path, step=0.1):
    """Root mean square of a film's sound, in each ``step`` seconds from its beginning."""
    pieces = []
    with av.open(str(path)) as container:
        for frame in container.decode(audio=0):
            first = round(frame.time * frame.sample_rate)
            data = frame.to_ndarray().astype(float)
            data = data.reshape(-1, 2).T if not frame.format.is_planar else data
            pieces.append((first, data[0] / (32767 if data.max() > 2 else 1), frame.sample_rate))
    rate = pieces[0][2]
    whole = np.zeros(max(first + len(data) for first, data, _ in pieces))
    for first, data, _ in pieces:
        if first + len(data) > 0:
            whole[max(first, 0) : first + len(data)] = data[max(-first, 0) :]
    n = int(step * rate)
    return np.sqrt((whole[: len(whole) // n * n].reshape(-1, n) ** 2).mean(1))
