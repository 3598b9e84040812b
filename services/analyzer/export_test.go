package analyzer

// Inserted is the message between an insert and its acknowledgements.
const Inserted = inserted
