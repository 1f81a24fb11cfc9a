import Domain

extension Rule {
  /// Rules about files that say what a model was trained with.
  static let environment = [environmentUnread]

  static let environmentUnread = Rule(
    "environment.unread", .remark, .low, nil, "a file about the training environment that is not read whole",
    why: "The bill of materials lacks what it names: no advisory about those packages would be seen.",
    example: "expected a requirement such as 'numpy==2.4.6', found a line that is none",
    remedy: "write the file anew with 'pip freeze' or 'conda env export'", [])
}
