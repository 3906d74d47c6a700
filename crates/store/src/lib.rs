//! Keeps runs on disk: content-addressed blobs, checksummed logs, manifests, what is already done.
