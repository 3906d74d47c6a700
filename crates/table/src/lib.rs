//! Arrow and Parquet in and out.
