/** Who may lead so many views: the faulty validator 0, or honest ones, which are alike until they have led. */
export function leaderAssignments(views: number): number[][] {
  if (views === 0) return [[]]
  return leaderAssignments(views - 1).flatMap((leaders) => {
    const next = Math.min(3, Math.max(0, ...leaders) + 1)
    return Array.from({ length: next + 1 }, (_, leader) => [...leaders, leader])
  })
}
