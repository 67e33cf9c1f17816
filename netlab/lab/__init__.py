"""A running lab: builds it with a way back, plays its story, and measures it."""
