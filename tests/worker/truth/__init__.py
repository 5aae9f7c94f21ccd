"""Every shown number, recomputed from the downloaded file by other means, for data of any kind."""
