"""What Azure's operations show of a running lab, with the keys of ``az``."""
