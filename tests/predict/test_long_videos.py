"""Videos of hours: memory does not grow with them."""

import resource
import subprocess
import sys
import tracemalloc
from pathlib import Path

import av
import numpy as np
import pytest
from films import write_film

from bupose.annotations.categories import CategoryOptions
from bupose.images import Video
from bupose.media.sources import Frame
from bupose.people import People
from bupose.predict.options import InferOptions
from bupose.predict.records import Records
from bupose.predict.results import Results
from bupose.track import offline

SECONDS = 7200
SIZE = (96, 64)

READ = """
import resource, sys
from pathlib import Path
from bupose.images import Video

count, time, early = 0, None, 0
for frame in Video(Path(sys.argv[1])).frames():
    count, time = count + 1, frame.time
    if count == 1000:
        early = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(count, frame.number, time, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - early)
"""


@pytest.fixture(scope="module")
def long_film(tmp_path_factory):
    """Two hours of two frames a second: ten seconds, again and again."""
    folder = tmp_path_factory.mktemp("long")
    ramp = np.tile(np.arange(SIZE[0], dtype=np.uint8)[None, :, None], (SIZE[1], 1, 3))
    short = write_film(folder / "short.mp4", rate=2, images=[np.roll(ramp, n, 1) for n in range(20)])
    with av.open(str(short)) as source, av.open(str(folder / "long.mp4"), "w") as container:
        stream = container.add_stream_from_template(source.streams.video[0])
        stored = [packet for packet in source.demux(video=0) if packet.size]
        length = sum(packet.duration for packet in stored)
        for turn in range(SECONDS // 10):
            for one in stored:
                packet = av.Packet(bytes(one))
                packet.pts, packet.dts = one.pts + turn * length, one.dts + turn * length
                packet.time_base, packet.duration, packet.is_keyframe = one.time_base, one.duration, one.is_keyframe
                packet.stream = stream
                container.mux(packet)
    return folder / "long.mp4"


def test_two_hours_are_read(long_film):
    """All frames together would take 265 MB."""
    done = subprocess.run([sys.executable, "-c", READ, str(long_film)], capture_output=True, text=True, check=True)
    count, number, time, grown = done.stdout.split()
    assert (int(count), int(number), float(time)) == (2 * SECONDS, 2 * SECONDS - 1, SECONDS - 0.5)
    assert int(grown) * (1 if sys.platform == "darwin" else 1024) < 30e6
    assert Video(long_film).count == 2 * SECONDS


def test_any_frame_of_two_hours(long_film):
    """Without reading those before."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_utime
    frame = Video(long_film).frame(13_999)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_utime - before < 1.5  # s; all of them take three
    assert (frame.number, frame.time) == (13_999, 6999.5)


def test_results_are_written_in_flat_memory(lab, tmp_path, monkeypatch):
    """Each frame that is kept would cost more than two kilobytes."""
    monkeypatch.setattr(offline, "CHUNK", 32)
    peaks = []
    for count in (120, 320):
        folder = tmp_path / str(count)
        folder.mkdir()
        records = Records(folder, lab.sprite, {})
        film = Video(Path("walk.avi"))
        tracemalloc.start()
        for n in range(count):
            people = People(np.array([[[50, 50], [60, 40], [40, 40]]]) + 0.3 * n % 80, [[0.8] * 3], [0.8], lab.sprite)
            frame = Frame(f"walk_{n:06d}", f"walk.avi#{n}", n + 1, video=film, index=n, time=n / 5)
            records.add(records.settle(frame), SIZE, people)
        options = InferOptions(input="walk.avi", overlays=False, openpose=False, tables=False)
        count_people, ids, _ = Results(records, options, CategoryOptions(), print, 1, {"walk": film}).write()
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        records.remove()
        assert count_people >= count
        assert ids >= 1
    assert peaks[1] - peaks[0] < 200 * 1500, peaks  # garbage that waits for its collection moves it by 200 kB
