"""系统管理: the administrators' pages of the core."""
