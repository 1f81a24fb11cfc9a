extension PickleGlobal {
  /// Whether the name is on the allow-list: a class or function that makes or is a value, and does nothing else.
  public var isAllowed: Bool { AllowList.entry(self) != nil }
}
