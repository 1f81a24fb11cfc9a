public import Domain

/// What came of reading a document that somebody wrote: what it says, or all that is wrong with it.
public protocol WrittenDocument {
  /// What such a document says.
  associatedtype Content
  /// What it says; nil where there are faults.
  var content: Content? { get }
  /// The faults in the order of their places.
  var faults: [DocumentFault] { get }
  /// Whether there are more faults than are told.
  var isCut: Bool { get }
}

extension WrittenDocument {
  /// What it says; throws the first of its faults, with its place in `file`.
  ///
  /// A program that has a person before it tells all of them.
  public func said(in file: String) throws(Problem) -> Content {
    if let content { return content }
    throw faults.first?.problem(file: file)
      ?? Problem(
        .internal, "document.unread", "expected what a document says or its faults, found neither",
        position: file)
  }
}
