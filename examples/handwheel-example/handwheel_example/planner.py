"""A planner that takes the least risk."""

from handwheel import Plan, PlanningCase


class LeastRisk:
    """Follows the candidate of the lowest class that nothing prevents."""

    async def plan(self, case: PlanningCase) -> Plan:
        free = [each for each in case.candidates if not each["code"]]
        if not free:
            return Plan("abstain", "nothing that is possible answers it")
        least = min(free, key=lambda each: (str(each["risk"]), str(each["name"])))
        return Plan("act", "it has the lowest class of what is possible", str(least["name"]))
