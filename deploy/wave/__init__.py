"""Wave, Seqera's service that builds images: its API, and what its answers mean."""
