import Domain

/// How much one image may be that goes to a registry or comes from one.
enum ImageBounds {
  /// How many manifests it may have, with those of its index and those that say something about them.
  static let manifests = 1000
  /// How deep an index may lie in another, and a statement be about a statement.
  static let depth = 4

  /// How many manifests the lists may name that say something about it, whether or not they are there: each is asked for.
  static let referrers = 1000

  /// Makes sure that one more manifest is within the bounds; throws `image.too-deep` or `image.too-many-manifests`.
  static func require(depth: Int, manifests count: Int) throws(Problem) {
    guard depth < Self.depth else {
      throw Problem(
        .tooLarge, "image.too-deep",
        "expected indexes at most \(Self.depth) deep, found one that is deeper")
    }
    guard count < manifests else {
      throw Problem(
        .tooLarge, "image.too-many-manifests", "expected at most \(manifests) manifests, found more")
    }
  }
}
