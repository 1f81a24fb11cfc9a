extension PickleReading {
  /// Reads the one pickle at an offset, as PyTorch does: its tensors stand outside the stream, and so do bytes
  /// behind its end.
  public static func readTorch(
    _ bytes: ArraySlice<UInt8>, from start: Int = 0, budget: ReadingBudget = .standard
  ) -> PickleReading {
    var machine = PickleMachine(bytes, from: start, budget: budget)
    machine.allowsPersistentIDs = true
    return machine.run()
  }

  /// The reading without the observations that somebody has judged already.
  public func keeping(_ isKept: (PickleObservation) -> Bool) -> PickleReading {
    PickleReading(
      document: document, observations: observations.filter(isKept), protocolVersion: protocolVersion,
      opcodeCount: opcodeCount, isJoblib: isJoblib, byteCount: byteCount)
  }
}
