"""Every chart, one file each."""
