import { describeChurn } from '../process/churn-suite.ts'

describeChurn({ peers: 30, seconds: 180, checkEvery: 60 })
