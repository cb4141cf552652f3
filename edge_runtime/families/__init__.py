"""What models compute: pre-processing, the decode loop and post-processing."""
