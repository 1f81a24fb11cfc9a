extension NameOrigin {
  /// Whether importing or calling the name may do something outside of the model.
  ///
  /// For formats that say a name and little about what is done with it.
  var hasEffects: Bool {
    switch self {
    case .standardLibrary, .reaching, .libraryFunction, .functionByValue, .externalFile: true
    case .inert, .libraryClass, .estimator, .own: false
    }
  }
}
