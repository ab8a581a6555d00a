"""A scene whose frames are quickly made and whose maps are small."""

SMALL = """
name = "small"
frames = 6
[waveform]
start_frequency = 79e9
slope = 21e12
sample_rate = 15e6
samples = 48
chirps = 24
chirp_interval = 15e-6
[receiver]
receivers = 8
noise_power = 0.1
[[targets]]
distance = { uniform = [3.0, 10.0] }
range_rate = { uniform = [-5.0, 5.0] }
angle = { uniform = [-1.0, 1.0] }
[[interferers]]
start_frequency = 79e9
slope = 10e12
ramp_duration = 20e-6
chirp_interval = 22e-6
amplitude = 20.0
"""
