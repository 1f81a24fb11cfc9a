extension QuantileSketch {
  /// How many values a level holds before it is compacted: a third of all for the highest, two thirds of that for the
  /// next, and so on.
  func room(of level: Int) -> Int {
    var room = capacity / 3
    for _ in level..<(levels - 1) { room = room * 2 / 3 }
    return max(2, room)
  }

  /// Where the values of a level begin.
  func start(of level: Int) -> Int {
    var start = 0
    for higher in (level + 1)..<8 { start += Int(sizes[higher]) }
    return start
  }

  /// Moves half of some level up, so that at least one place is free.
  ///
  /// All rooms together are less than the capacity, so that where all places are taken, some level is over its own.
  mutating func makeRoom() {
    let full = (0..<levels).first { sizes[$0] >= room(of: $0) } ?? 0
    guard full == levels - 1 else { return compact(full) }
    if levels == Self.levelLimit { return raiseSampling() }
    levels += 1
    compact(full)
  }

  /// Doubles how many values the sampler takes together: the lowest level moves up whole, and a value that has no
  /// partner goes into the sampler.
  mutating func raiseSampling() {
    if levels == 1 { levels = 2 }
    compact(0, whole: true)
    let weight = block
    let rest = sizes[0] > 0 ? items.removeLast() : nil
    sizes = SIMD8(sizes[1], sizes[2], sizes[3], sizes[4], sizes[5], sizes[6], sizes[7], 0)
    levels -= 1
    samplingExponent += 1
    if let rest { sample(rest, weight: weight) } else { planReplacement(after: pendingWeight) }
  }

  /// Gives the sampler a value that stands for several, of which there are at most as many as it takes together.
  ///
  /// The sum of all weights stays what it is, and so does the expected weight of each value.
  mutating func sample(_ value: Double, weight: Int) {
    guard weight > 0 else { return }
    let (held, total) = (pendingWeight, pendingWeight + weight)
    if total < block {
      if draws.nextShare(value) * Double(total) <= Double(weight) { candidate = value }
      rankVariance += Double(total) * Double(total) / 4
      pendingWeight = total
    } else {
      let rest = total - block
      // Kept is the held candidate with the probability p of block · p + rest · (1 − p) = held.
      let keeps = draws.nextShare(value) * Double(block - rest) <= Double(held - rest)
      let (up, stays) = keeps ? (candidate, value) : (value, candidate)
      let whole = block
      rankVariance += Double(whole) * Double(whole) / 4
      (candidate, pendingWeight) = rest > 0 ? (stays, rest) : (0, 0)
      take(up, weight: whole)
    }
    planReplacement(after: pendingWeight)
  }

  /// Sorts a level and moves every second value of it up; of an odd number one value stays.
  ///
  /// Of the lowest level, which is not sorted yet, the first 64 or 128 values alone, unless the `whole` of it is asked for:
  /// so many are sorted fastest, and no single row of a model with many columns waits for more than that.
  mutating func compact(_ level: Int, whole: Bool = false) {
    let all = Int(sizes[level])
    guard all > 1 else { return }
    let size = level > 0 || whole || all < 64 ? all : all < 128 ? 64 : 128
    let half = size / 2
    let above = Int(sizes[level + 1])
    let start = start(of: level)
    let bits = draws.next(items[start])
    let (offset, keepsFirst) = (Int(bits & 1), bits & 2 != 0 && size & 1 == 1)
    let below = items.count - start - size
    unsafe items.withUnsafeMutableBufferPointer { items in
      guard let base = items.baseAddress else { return }
      let run = unsafe base + start
      if level == 0 { unsafe MergeSort.sort(UnsafeMutableBufferPointer(start: run, count: size)) }
      let first = keepsFirst ? 1 : 0
      let rest = unsafe size & 1 == 1 ? (keepsFirst ? run[0] : run[size - 1]) : 0
      let promoted = UnsafeMutablePointer<Double>.allocate(capacity: above + 2 * half)
      defer { unsafe promoted.deallocate() }
      for index in 0..<half { unsafe promoted[index] = run[first + 2 * index + offset] }
      let merged = unsafe promoted + half
      unsafe MergeSort.merge(run - above, above, promoted, half, into: merged)
      unsafe (run - above).update(from: merged, count: above + half)
      if size & 1 == 1 { unsafe run[half] = rest }
      if below > 0 { unsafe (run + size - half).update(from: run + size, count: below) }
    }
    items.removeLast(half)
    sizes[level] = Int32(truncatingIfNeeded: all - size + size & 1)
    sizes[level + 1] = Int32(truncatingIfNeeded: above + half)
    let weight = Double(block) * Double(1 << level)
    rankVariance += weight * weight
  }
}
