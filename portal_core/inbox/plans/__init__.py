"""Approval plans (审批设置): in which stages an approval is given, as administrators set it for a kind of case."""
