"""
A scene of your own
===================

A scene is a TOML file: a radar, targets, interferers. Numbers may be distributions, drawn anew
for each frame.
"""

from clearchirp.report import range_doppler_figure, stft_figure
from clearchirp.simulate import parse_scene, simulate
from clearchirp.spectrum import range_doppler

# %%
# What is written here would lie in a file, whose name every command takes in the place of a
# preset's: ``clearchirp evaluate crossroads.toml -m ar``.

TEXT = """
name = "crossroads"
frames = 100

[waveform]
start_frequency = 77.0e9
slope = 20.0e12
sample_rate = 15.0e6
samples = 256
chirps = 64
chirp_interval = 25.0e-6
adc_start = 2.0e-6

[receiver]
bandwidth = 6.5e6
filter = "butterworth"
filter_order = 5
noise_power = 0.02

[[targets]]
count = { integer = [3, 8] }
distance = { uniform = [3.0, 45.0] }
range_rate = { normal = [-3.0, 6.0] }
amplitude = { db_uniform = [-30, 0] }
phase = { uniform = [0, 6.283185307] }

[[interferers]]
count = { integer = [1, 2] }
start_frequency = { uniform = [76.9e9, 77.1e9] }
slope = { uniform = [25e12, 40e12] }
ramp_duration = 12.0e-6
chirp_interval = { uniform = [13e-6, 17e-6] }
time_offset = { uniform = [-17e-6, 0] }
amplitude = { db_uniform = [10, 30] }
phase = { uniform = [0, 6.283185307] }
"""

scene = parse_scene(TEXT, "crossroads.toml")
recording = simulate(scene, frames=3, seed=4)
for number in range(3):
    targets = [one for one in recording.target_list if one.frame == number]
    crossings = [one for one in recording.crossings if one.frame == number]
    print(
        f"frame {number}: {len(targets)} targets, {len(crossings)} crossings, "
        f"{recording.disturbed[number].mean():.1%} disturbed"
    )

# %%
# A scene, a seed and the number of a frame give the same frame everywhere, so that the third
# frame need not wait for the others. Every crossing is known:

one = recording.crossings[0]
print(f"chirp {one.chirp}, samples {one.first_sample} to {one.last_sample}")
print(f"slope difference {one.chirp_rate / 1e12:.1f} MHz/us, at {1e6 * one.time:.2f} us")

# %%
hit = int(recording.disturbed[0, 0].sum(axis=-1).argmax())
figure = stft_figure({f"chirp {hit}": recording.beat[0, 0, hit]}, scene.waveform)

# %%
figure = range_doppler_figure(
    {
        "recorded": range_doppler(recording.beat)[0, 0],
        "without interference": range_doppler(recording.clean)[0, 0],
    },
    scene.waveform,
    real=False,
)
