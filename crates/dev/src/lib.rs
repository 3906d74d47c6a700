//! Generators and structure checks behind cargo dev; not shipped.
