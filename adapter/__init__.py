"""netpet-adapter: dual-PET radiology results in, NETPET scores out."""
